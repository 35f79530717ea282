"""What serving costs, beside the bare minimum and beside what the stack's own parts take."""
