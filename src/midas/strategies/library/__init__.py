"""Strategies that come with Midas, one file each."""
