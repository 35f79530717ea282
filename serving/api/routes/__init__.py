"""Routes: one file per resource; the work behind them belongs to the other folders of serving."""
