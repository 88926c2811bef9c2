"""Knowledge kept beside the gateway."""
