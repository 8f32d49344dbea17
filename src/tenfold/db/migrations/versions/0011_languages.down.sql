SET LOCAL lock_timeout = '5s';

ALTER TABLE tenfold.users DROP COLUMN language;

ALTER TABLE tenfold.users DROP COLUMN region;

ALTER TABLE tenfold.users DROP COLUMN timezone;
