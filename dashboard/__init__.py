"""The entry room of people: the pages that operators watch, and the schedule in the admin."""
