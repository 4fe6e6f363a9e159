"""Jacobians and Hessians in all their forms: by elimination, in blocks, sparse, dense, structured."""
