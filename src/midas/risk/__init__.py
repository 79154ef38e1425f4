"""Risk: the gate every order passes, limits, protections and the kill switch."""
