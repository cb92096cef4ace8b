"""What people and programs ask of the store. Read only: nothing here writes, and everything here is an index away."""
