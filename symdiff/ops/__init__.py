"""The operations. Each is declared once, with its derivative, its code and all that is said of it.

How they are declared: ``kinds`` (elementwise, comparisons, ``structural``), ``targets`` (code, LaTeX, SymPy, mpmath),
``sides`` (kinks), ``intervals`` (bounds of values), ``costs``.

Elementwise, all of them in ``scalar``: ``arithmetic``, ``powers``, ``trigonometric``, ``selection``, ``special``,
``logic``; ``composites`` (functions written with them), ``terms`` (sums and products taken apart). Longer code:
``python_code``, ``c_code``, ``array_api_code``, ``sympy_code``.

On whole arrays, each beside the function that users call, all of them in ``arrays``: ``contraction`` (products summed
over labelled axes, made of ``networks``; ``spelling``: how they are written), ``products``, ``axes``, ``matrices``,
``diagonals``; ``reductions`` (how they are declared), ``sums``, ``running``, ``extrema``, ``exponentials``; ``sizes``,
``filling``, ``indexing``, ``gathering``, ``rearranging``, ``assembly`` (one matrix of blocks). ``arguments`` reads what
users give; ``tensor`` has the operations by name, for passes that build nodes.
"""
