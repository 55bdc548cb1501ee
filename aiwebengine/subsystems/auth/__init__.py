"""What a script learns about who asks."""
