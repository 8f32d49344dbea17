SET LOCAL lock_timeout = '5s';

ALTER TABLE tenfold.users ADD COLUMN language text COLLATE "C";

ALTER TABLE tenfold.users ADD COLUMN region text COLLATE "C";

ALTER TABLE tenfold.users ADD COLUMN timezone text COLLATE "C";
