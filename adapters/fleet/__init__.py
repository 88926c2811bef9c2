"""How the fleet's messages become bytes, and who vouches for them."""
