"""Attribution: what the channels caused where hold-outs tell, and what path rules credit them with."""
