"""HTTP: one router per noun. Parse, call one app function, render."""
