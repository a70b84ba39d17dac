"""Small tasks that show what the contracts must hold."""
