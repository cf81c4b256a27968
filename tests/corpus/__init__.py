"""What a hostile, broken or merely careless sender may send, as data, and what every gateway answers to it."""
