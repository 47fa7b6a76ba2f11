"""Teachers: who plays A_T, A_Q, A_R and A_C. `scripted` needs no model and no network."""
