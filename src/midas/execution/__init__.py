"""Execution: account terms, costs, and matching of targets against bars."""
