"""One slow, obvious checker per answer. Imports nothing but the nouns, so that it shares no mistake with a solver."""
