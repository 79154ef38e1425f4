"""The sample market: real prices that come with the installation."""
