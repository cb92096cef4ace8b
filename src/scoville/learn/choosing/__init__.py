"""Which columns, cut where, for how many points. Pure: arrays of columns and outcomes in, frozen cards out."""
