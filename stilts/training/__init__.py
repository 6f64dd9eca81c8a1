"""The one loop, and what makes it fast and stoppable."""
