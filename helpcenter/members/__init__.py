"""Member Interlink: a service's own site vouches for the customers who are signed in there."""
