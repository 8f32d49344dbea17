SET LOCAL lock_timeout = '5s';

DROP TABLE tenfold.personal, tenfold.saved_views;

DROP FUNCTION tenfold.find_saved_views(tsquery,boolean,uuid,uuid[],integer,boolean,text);

DROP FUNCTION tenfold.saved_views_log_delete();

DROP FUNCTION tenfold.saved_views_log_insert();

DROP FUNCTION tenfold.saved_views_log_update();

