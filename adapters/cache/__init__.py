"""Where answers are kept that several gateways share."""
