SET LOCAL lock_timeout = '5s';

-- The tables that this filled go with the revision before.
DELETE FROM tenfold.sessions;
