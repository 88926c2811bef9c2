"""What a host's calls become: arguments of the facade's methods into messages."""
