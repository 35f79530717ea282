"""Tags: bands of the scores as tags of a CRM, and the changes since the last export."""
