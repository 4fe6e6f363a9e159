"""The operations on whole arrays by their names, for passes that build them from nodes and axes already checked."""

from __future__ import annotations

from .axes import Axes, expanded, total, transposed
from .diagonals import TRIL as tril
from .diagonals import TRIU as triu
from .diagonals import check_square
from .exponentials import LOGSUMEXP as logsumexp
from .exponentials import SOFTMAX as softmax
from .extrema import ARGMAX as argmax
from .extrema import MAX as amax
from .extrema import MIN as amin
from .gathering import GATHER as gather
from .gathering import PLACES as places
from .gathering import SCATTER_ADD as scatter_add
from .gathering import integer_variables
from .indexing import INDEX as index
from .indexing import SCATTER as scatter
from .indexing import least_sizes
from .matrices import CHOLESKY as cholesky
from .matrices import DET as det
from .matrices import INV as inv
from .matrices import LOGDET as logdet
from .matrices import SOLVE as solve
from .rearranging import CONCATENATE as concatenate
from .rearranging import RESHAPE as reshape
from .rearranging import complete_shape, reshaped_axes
from .running import CUMSUM as cumsum
from .running import PROD as prod
from .running import PRODUCT_OF_OTHERS as product_of_others
from .sizes import ARANGE as arange
from .sums import NORM as norm

__all__ = [
    "Axes", "amax", "amin", "arange", "argmax", "check_square", "cholesky", "complete_shape", "concatenate", "cumsum",
    "det", "expanded", "gather", "index", "integer_variables", "inv", "least_sizes", "logdet", "logsumexp", "norm",
    "places", "prod", "product_of_others", "reshape", "reshaped_axes", "scatter", "scatter_add", "softmax", "solve",
    "total", "transposed", "tril", "triu",
]  # fmt: skip
