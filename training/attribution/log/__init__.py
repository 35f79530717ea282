"""Log: touches, orders, decisions and served predictions as the history holds them."""
