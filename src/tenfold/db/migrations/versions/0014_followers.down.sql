SET LOCAL lock_timeout = '5s';

DROP TABLE tenfold.followers, tenfold.mentions;
