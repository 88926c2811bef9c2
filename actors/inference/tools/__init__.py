"""Tools: which a request is offered, and the rounds of a model that calls them."""
