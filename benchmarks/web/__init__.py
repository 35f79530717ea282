"""Page: how fast it answers a person, and what ten people who move sliders cost the predictions."""
