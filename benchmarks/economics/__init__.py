"""Economics: planted offers whose profit is known, and forecast values beside what came."""
