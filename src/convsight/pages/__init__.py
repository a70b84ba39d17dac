"""What pages for people are made of: one style, pieces of HTML in which no text can become markup, charts, pictures."""
