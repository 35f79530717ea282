"""What the README claims, measured again: our answers beside named anchors, on the same customers."""
