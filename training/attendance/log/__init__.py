"""Log: attendances, invitations and purchases as the history holds them."""
