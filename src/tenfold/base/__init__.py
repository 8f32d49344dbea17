"""What every organisation has: contacts, companies, deals, activities, tasks, notes, tags
and saved views of lists."""

from tenfold.base.activity import Activity
from tenfold.base.company import Company
from tenfold.base.contact import Contact
from tenfold.base.deal import Deal, Quota
from tenfold.base.note import Note
from tenfold.base.saved_view import SavedView
from tenfold.base.tag import Tag
from tenfold.base.task import Task

RECORDS = (Company, Contact, Deal, Quota, Activity, Task, Note, Tag, SavedView)
