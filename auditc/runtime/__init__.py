"""From a plan to answers: bind the models, expand the cells, ask what is not stored yet, and gather what is."""
