"""Source from graphs: what is computed in which order under which names, and how each target writes it.

Every target has a function ``write_module(outputs, inputs, name)``, which returns the text of a whole module.

- ``schedule``: the assignments of the clear schedule; ``constants``, ``powers``, ``text``, ``names``: their parts
- ``buffers``: those of the fast schedule, with ``out=``; ``fusion``: operations computed together; ``memory``: where
  buffers lie; ``out_writers``: functions that write results into the arrays given
- ``module``: what modules share, such as the docstring
- ``points``, ``blocked``, ``arrays``, ``fast``: modules for NumPy, of points and of arrays, on both schedules;
  ``numpy``: which of them
- ``python``, ``array_api``, ``c``: the other targets
- ``sandbox``: what emitted source may hold; ``counting``: its operations
"""
