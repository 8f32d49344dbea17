"""That no organisation sees or touches what is another's, tried by HTTP and by SQL."""
