"""Trading: paper and live runs, what is stored before anything is sent, and who may write."""
