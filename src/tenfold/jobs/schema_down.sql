-- Removes the job queue with all that is in it.
DROP SCHEMA IF EXISTS jobs CASCADE;
