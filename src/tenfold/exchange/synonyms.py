"""What other programs call the fields: header names by meaning, compared in one plain form."""

from __future__ import annotations

import re
from functools import lru_cache

from tenfold.kernel.text import fold

# Google Contacts (old and new), Outlook, HubSpot, Salesforce, Apple, LinkedIn, Mailchimp, RESO and
# MLS exports, Zillow, Handshake; German, Spanish, French for the basics. Names are in plain form.
_WORDS: dict[str, str] = {
    "first_name": "first name|given name|fname|forename|firstname|first|vorname|nombre|"
    "nombre de pila|prenom|contact first name|contactfirstname|name first|n given|名",
    "middle_name": "middle name|additional name|middle|second name|segundo nombre|"
    "deuxieme prenom|zweiter vorname|middle initial",
    "last_name": "last name|family name|lname|surname|lastname|last|nachname|familienname|apellido|"
    "apellidos|nom de famille|nom|contact last name|contactlastname|name last|姓",
    "preferred_name": "preferred name|preferred first name|known as|goes by|rufname",
    "prefix": "name prefix|prefix|salutation|honorific|anrede|tratamiento|civilite|title prefix",
    "suffix": "name suffix|suffix|namenszusatz",
    "full_name": "full name|fullname|name|display name|formatted name|contact name|fn|"
    "nombre completo|nom complet|vollstandiger name|file as|owner name|氏名|名前",
    "nickname": "nickname|nick name|spitzname|apodo|surnom",
    "email": "email|e mail|email address|e mail address|mail|primary email|work email|"
    "e mail 1 value|email 1 value|e mail value|emails|email 1|emailaddress|personemail|"
    "contactemail|correo|correo electronico|courriel|e mail adresse|email adresse|adresse e mail|"
    "mail address|internet address|member email|list agent email|メールアドレス|メール",
    "email_2": "email 2|e mail 2|e mail 2 value|e mail 2 address|secondary email|other email|"
    "alternate email|personal email|home email",
    "email_3": "email 3|e mail 3|e mail 3 value|e mail 3 address",
    "phone": "phone|phone number|telephone|tel|telefon|telefono|telephone number|phone 1 value|"
    "primary phone|main phone|phones|phone 1|telefonnummer|numero de telefono|business phone|"
    "work phone|office phone|company main phone|telefon geschaftlich|member preferred phone|"
    "numero de telephone|contact phone|day phone|電話番号|電話",
    "mobile_phone": "mobile|mobile phone|mobile number|mobile phone number|cell|cell phone|handy|"
    "cellphone|mobiltelefon|movil|portable|telephone mobile|personmobilephone|"
    "member mobile phone|mobil",
    "phone_2": "phone 2|phone 2 value|other phone|business phone 2|alternate phone",
    "home_phone": "home phone|home phone number|telefon privat|phone home|telephone domicile",
    "fax": "fax|faxes|business fax|fax number|work fax|home fax|telefax",
    "company": "company|company name|organization|organisation|organization name|employer|firm|"
    "organization 1 name|account name|accountname|account|firma|empresa|entreprise|societe|"
    "unternehmen|brokerage|office name|associated company|business name|employer name|会社名|会社",
    "department": "department|organization department|organization 1 department|abteilung|"
    "departamento|departement|service",
    "job_title": "job title|jobtitle|title|position|organization title|organization 1 title|role|"
    "funktion|cargo|puesto|fonction|poste|berufsbezeichnung|occupation|headline",
    "website": "website|web site|web page|url|homepage|website url|website 1 value|urls|webseite|"
    "sitio web|site web|company website|web pages|business website",
    "domain": "domain|domains|company domain name|email domain|domain name|company domain",
    "linkedin_url": "linkedin|linkedin url|linkedin profile|profile url|linkedin bio",
    "birthday": "birthday|birth date|birthdate|date of birth|dob|geburtstag|geburtsdatum|"
    "fecha de nacimiento|cumpleanos|date de naissance|anniversaire",
    "anniversary": "anniversary|wedding anniversary|jahrestag|aniversario",
    "notes": "notes|note|description|comments|comment|remarks|notizen|bemerkung|bemerkungen|notas|"
    "remarques|"
    "body|details|about|memo",
    "tags": "tags|labels|categories|group membership|groups|label|category|keywords|etiquetas|"
    "kategorien|etiquettes|system label names|tag",
    "source": "source|lead source|leadsource|original source|hs analytics source|contact source|"
    "quelle|fuente|origen|record source",
    "status": "status|lead status|hs lead status|state of record|contact status|estatus|statut|"
    "standard status|mls status|listing status|home status",
    "lifecycle_stage": "lifecycle stage|lifecyclestage|lifecycle",
    "owner": "owner|contact owner|record owner|owner id|account owner|assigned to|agent|"
    "hubspot owner id|assigned agent|zustandig|propietario|proprietaire|broker|list agent key|"
    "deal owner|opportunity owner|company owner|lead owner",
    "company_id": "account id|associated company id|associated company ids|"
    "primary associated company id|account name id|organization id|organisation id",
    "external_id": "id|record id|recordid|external id|contact id|hs object id|uid|object id|"
    "vid|attributes reference id|lead id|key",
    "created_at": "create date|created date|createdate|created at|created|date created|"
    "createddate|created on|connected on|erstellt|erstellt am|fecha de creacion|optin time|"
    "original entry timestamp",
    "updated_at": "last modified date|lastmodifieddate|systemmodstamp|modified|updated at|"
    "last modified|hs lastmodifieddate|modification timestamp|last changed|updated",
    "deleted": "is deleted|isdeleted|deleted|archived",
    "email_opt_out": "email opt out|hasoptedoutofemail|unsubscribed|hs email optout|opt out",
    "street": "street|street address|address|address 1|address line 1|mailing street|strasse|"
    "address 1 street|street address 1|street address line 1|home street|business street|"
    "billing street|other street|calle|rue|"
    "direccion|adresse|anschrift|unparsed address|property address|streetaddress|address street",
    "street2": "street 2|address 2|street address 2|street address line 2|address line 2|apt|unit|"
    "unit number|business street 2|"
    "home street 2|address 1 extended address|suite|apartment|apartment number",
    "city": "city|town|suburb|mailing city|address 1 city|home city|business city|billing city|"
    "stadt|ort|ciudad|ville|address city|locality|property city|other city",
    "state": "state|region|province|state region|mailing state|address 1 region|home state|"
    "business state|billing state|state or province|bundesland|estado|provincia|"
    "state province|address state|county state|mailing state province",
    "postal_code": "zip|zip code|zipcode|postal code|postcode|postalcode|plz|postleitzahl|"
    "codigo postal|code postal|mailing zip|mailing postal code|address 1 postal code|"
    "home postal code|business postal code|billing postal code|zip postal code|address zipcode|"
    "zip or postal code|mailing zip postal code",
    "country": "country|country region|mailing country|address 1 country|home country|land|pais|"
    "pays|business country region|billing country|home country region|country code",
    "county": "county|county or parish|parish",
    "address": "addresses|full address|mailing address|postal address|address 1 formatted",
    "latitude": "latitude|lat|location latitude|geo latitude|breite",
    "longitude": "longitude|lng|lon|long|location longitude|geo longitude|lange",
    "listing_id": "listing id|mls number|mls|mls id|mls no|listing number|ml number|zpid|mls num",
    "listing_key": "listing key|listing key numeric",
    "list_price": "list price|price|asking price|listing price|current price|lp|preis|precio|prix|"
    "list price low|zestimate price",
    "original_list_price": "original list price|olp|original price",
    "close_price": "close price|sold price|sale price|selling price|closed price|sp|"
    "verkaufspreis|kaufpreis|price sold",
    "bedrooms_total": "bedrooms total|beds|bedrooms|bedroom|bed|br|bedroom count|total bedrooms|"
    "number of bedrooms|beds total|bedroom abv gr|schlafzimmer|zimmer|habitaciones|chambres|"
    "pieces|nombre de pieces",
    "bathrooms_total": "bathrooms total integer|bathrooms total|baths|bathrooms|bathroom|bath|ba|"
    "baths total|total baths|number of bathrooms|bathrooms total decimal|badezimmer|bader|"
    "banos|salles de bain|"
    "washrooms|full and half baths",
    "bathrooms_full": "bathrooms full|full baths|baths full|full bath",
    "bathrooms_half": "bathrooms half|half baths|baths half|half bath",
    "living_area": "living area|sqft|sq ft|square feet|sq feet|living sqft|building area total|"
    "above grade finished area|wohnflache|finished sq ft|square footage|sqft total|sqft living|"
    "gross square feet|gr liv area|living space",
    "lot_size": "lot size area|lot size|lot sqft|lot size square feet|lot area|lot size sqft|"
    "sqft lot|land square feet|land area|grundstucksflache|grundstuck",
    "stories": "stories|storeys|number of stories",
    "association_fee": "association fee|hoa|hoa fee|hoa dues|hoa month|condo fee",
    "year_built": "year built|yr built|built|baujahr|ano de construccion|annee de construction",
    "property_type": "property type|type|home type|property class|prop type|"
    "account type|company type",
    "property_sub_type": "property sub type|property subtype|sub type",
    "days_on_market": "days on market|dom|days on zillow|cumulative days on market|cdom",
    "close_date": "close date|closing date|sold date|sale date|date sold|closedate|date|"
    "expected close date|closing|verkaufsdatum|date of sale|fecha de venta",
    "listing_date": "listing contract date|list date|listing date|on market date|date listed",
    "public_remarks": "public remarks|property description|listing description|marketing remarks",
    "parcel_number": "parcel number|apn|tax id|parcel id",
    "subdivision": "subdivision name|subdivision|neighborhood",
    "picture_url": "picture|photo url|image url|thumbnail|photo|image|avatar|img src",
    "student_id": "username|student id|student number|school id|auth identifier|matrikelnummer|"
    "card id",
    "school_year": "school year name|school year|class level|class standing|year in school|"
    "year class",
    "graduation_date": "graduation date|expected graduation|grad date|grad year|graduation year|"
    "primary education end date|class of",
    "education_start": "primary education start date",
    "major": "majors|major|primary education major names|primary education primary major name|"
    "field of study|major names|program|primary major name|studienfach",
    "minor": "minors|minor|primary education minor names|minor names",
    "gpa": "gpa|cumulative gpa|primary education cumulative gpa|grade point average",
    "department_gpa": "department gpa|primary education department gpa",
    "degree": "degree|education level|primary education education level name|degree level",
    "college": "college|school|primary education college name|college name|university|hochschule",
    "campus": "campus|campus name",
    "industry": "industry|industry name|industries|branche|sector|secteur",
    "deal_name": "deal name|dealname|opportunity name|opportunity|deal title",
    "currency": "currency|currency code|currency iso code|deal currency|currency of value|"
    "deal currency code|amount currency|wahrung|moneda|devise",
    "probability": "probability|deal probability|win probability|wahrscheinlichkeit",
    "contact": "contact|associated contact|contact person|primary contact|ansprechpartner",
    "amount": "amount|deal amount|value|deal value|betrag|importe|montant|total",
    "stage": "stage|deal stage|dealstage|stage name|stagename|pipeline stage",
}

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SALESFORCE = re.compile(r"__[a-z]{1,3}$")
_PARENT = re.compile(
    r"^(properties|fields|contact|student|lead|primary_education|location)[.:]"
    # Pipedrive: `Deal - Title`, `Person - Email`.
    r"|^(deal|person|organization|lead|activity)\s+-\s+",
    re.IGNORECASE,
)
# What a column's zone, its unit or a program's advice adds to its name.
_ASIDE = re.compile(
    r"\s*\("
    r"(?:(?:GMT|UTC|see )[^)]*|(?-i:[A-Z]{1,3}[DS]T|CET|MEZ|MESZ)|primary"
    r"|sq\.? ?ft\.?|square feet|ft²|s)\)\s*$",
    re.IGNORECASE,
)
_LONGEST = 500  # letters of a name that are looked at
_SIGNS = re.compile(r"[\W_]+")


@lru_cache(maxsize=8192)
def plain(name: str) -> str:
    """The one form in which header names are compared: `Mobile_Phone__c` is `mobile phone`."""
    text = _SALESFORCE.sub("", _ASIDE.sub("", name[:_LONGEST]).strip())
    return _SIGNS.sub(" ", fold(_CAMEL.sub(" ", text))).strip()


def without_parent(name: str) -> str:
    """The name without what a program puts before all of them: `Deal - Title`, `lead.email`."""
    return _PARENT.sub("", name.strip())


@lru_cache(maxsize=4096)
def concept_of(name: str) -> str | None:
    """What a header means, in our words; None for one that is not known."""
    inner = () if name.startswith("attributes.") else (name.rpartition(".")[2],)
    # Salesforce's attributes tell about a record, they are no fields of it.
    for text in (name, without_parent(name), *inner):
        found = _CONCEPTS.get(plain(text))
        if found:
            return found
    return None


def _concepts() -> dict[str, str]:
    known: dict[str, str] = {}
    for concept, names in _WORDS.items():
        for name in (plain(concept), *names.split("|")):
            # The first one to claim a name keeps it.
            known.setdefault(name, concept)
            known.setdefault(name.replace(" ", ""), concept)
    return known


_CONCEPTS = _concepts()
