"""The words that the demo data is made of: names, titles, firms, pages. Data only.

Companies live under `.example`, the domain that is reserved for this (RFC 2606), so that nobody is ever mailed.
"""

from __future__ import annotations

LANGUAGES = ("en", "de", "fr", "es", "nl", "it", "pt")

# country, share of leads, language, hours ahead of UTC (office time, without summer time), phone prefixes
COUNTRIES: tuple[tuple[str, float, str, int, tuple[str, ...]], ...] = (
    ("US", 0.34, "en", -6, ("+1 212 555", "+1 312 555", "+1 415 555", "+1 512 555", "+1 617 555")),
    ("GB", 0.12, "en", 0, ("+44 20 7946", "+44 161 496", "+44 7700 900")),
    ("DE", 0.11, "de", 1, ("+49 30 2312", "+49 89 9999", "+49 171 392")),
    ("CA", 0.06, "en", -5, ("+1 416 555", "+1 604 555", "+1 514 555")),
    ("FR", 0.06, "fr", 1, ("+33 1 9900", "+33 6 3998")),
    ("NL", 0.05, "nl", 1, ("+31 20 240", "+31 6 1955")),
    ("IN", 0.05, "en", 5, ("+91 80 4012", "+91 98 4501")),
    ("ES", 0.04, "es", 1, ("+34 91 120", "+34 612 30")),
    ("AU", 0.03, "en", 10, ("+61 2 5550", "+61 491 57")),
    ("BR", 0.03, "pt", -3, ("+55 11 3090", "+55 21 3515")),
    ("CH", 0.03, "de", 1, ("+41 44 668", "+41 79 133")),
    ("IT", 0.03, "it", 1, ("+39 02 5530", "+39 347 20")),
    ("AT", 0.02, "de", 1, ("+43 1 205", "+43 664 13")),
    ("SE", 0.02, "en", 1, ("+46 8 465", "+46 70 174")),
    ("MX", 0.01, "es", -6, ("+52 55 8526",)),
)

# industry, share of companies, last words of their names
INDUSTRIES: tuple[tuple[str, float, tuple[str, str, str]], ...] = (
    ("Software", 0.24, ("Software", "Systems", "Labs")),
    ("Professional services", 0.15, ("Partners", "Consulting", "Advisory")),
    ("Manufacturing", 0.13, ("Industries", "Components", "Works")),
    ("Finance", 0.12, ("Capital", "Insurance", "Finance")),
    ("Retail", 0.12, ("Retail", "Foods", "Outfitters")),
    ("Healthcare", 0.09, ("Health", "Clinics", "Care")),
    ("Education", 0.06, ("Academy", "Learning", "Schools")),
    ("Media", 0.05, ("Media", "Studios", "Press")),
    ("Public sector", 0.04, ("Council", "Utilities", "Transit")),
)

# source, share of leads, usual cost of one lead in dollars
SOURCES: tuple[tuple[str, float, float], ...] = (
    ("organic", 0.30, 14.0),
    ("paid search", 0.24, 85.0),
    ("webinar", 0.14, 60.0),
    ("outbound", 0.14, 110.0),
    ("event", 0.10, 190.0),
    ("referral", 0.08, 25.0),
)

# seniority, share of leads
SENIORITIES: tuple[tuple[str, float], ...] = (
    ("c_level", 0.08),
    ("vp", 0.07),
    ("director", 0.14),
    ("manager", 0.31),
    ("staff", 0.40),
    ("student", 0.0),  # students come by their own persona
)

OWNERS = ("Amara Osei", "Ben Novak", "Chloe Martin", "Diego Ruiz", "Elif Kaya", "Finn Berg")

# persona, share of leads: who is behind the form. Only `buyer` is a prospect; the rest is the noise every team knows.
PERSONAS: tuple[tuple[str, float], ...] = (
    ("buyer", 0.915),
    ("student", 0.03),
    ("jobseeker", 0.025),
    ("bot", 0.02),
    ("competitor", 0.01),
)

FREE_DOMAINS = ("gmail.com", "yahoo.com", "outlook.com", "hotmail.com", "gmx.de", "web.de", "orange.fr", "icloud.com")
DISPOSABLE_DOMAINS = ("mailinator.com", "yopmail.com", "guerrillamail.com", "10minutemail.com", "trashmail.com")
ROLE_NAMES = ("info", "sales", "contact", "office", "admin", "marketing")
COMPETITORS = (("Rivalscore", "rivalscore.example"), ("LeadHub", "leadhub.example"), ("Pipewise", "pipewise.example"))
UNIVERSITIES = ("Northfield", "Lakeshore", "St Aldric", "Rhinehold", "Westmere", "Belcourt", "Altamira", "Kingsford")

TITLES: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "c_level": ("CEO", "Chief Marketing Officer", "CTO", "Founder & CEO", "Chief Revenue Officer", "CFO"),
        "vp": ("VP Sales", "VP Marketing", "Vice President of Operations", "SVP Growth", "VP of Engineering"),
        "director": ("Marketing Director", "Director of Sales", "Director, Revenue Operations", "IT Director"),
        "manager": ("Marketing Manager", "Sales Manager", "Demand Generation Manager", "CRM Manager", "IT Manager"),
        "staff": ("Marketing Specialist", "Sales Representative", "Data Analyst", "Software Engineer", "Consultant"),
        "student": ("Student", "Marketing Intern", "MBA Student"),
    },
    "de": {
        "c_level": ("Geschäftsführer", "Geschäftsführerin", "CEO", "CTO"),
        "vp": ("VP Sales", "VP Marketing"),
        "director": ("Vertriebsdirektor", "Marketing Director", "Direktor IT"),
        "manager": ("Marketing Manager", "Sales Manager", "Projektmanagerin", "Teamleiter Vertrieb"),
        "staff": ("Sachbearbeiter", "Vertriebsmitarbeiter", "Softwareentwickler", "Referentin Marketing"),
        "student": ("Student", "Werkstudentin", "Praktikant"),
    },
    "fr": {
        "c_level": ("PDG", "Directeur général", "CEO"),
        "vp": ("Vice-président des ventes", "VP Marketing"),
        "director": ("Directeur marketing", "Directrice commerciale"),
        "manager": ("Responsable marketing", "Responsable commercial", "Chef de produit"),
        "staff": ("Chargée de marketing", "Commercial", "Développeur", "Consultante"),
        "student": ("Étudiant", "Stagiaire marketing"),
    },
    "es": {
        "c_level": ("Director general", "CEO", "Fundadora y CEO"),
        "vp": ("Vicepresidente de ventas", "VP Marketing"),
        "director": ("Director de marketing", "Directora comercial"),
        "manager": ("Gerente de ventas", "Responsable de marketing"),
        "staff": ("Especialista en marketing", "Analista de datos", "Comercial"),
        "student": ("Estudiante", "Becaria de marketing"),
    },
    "nl": {
        "c_level": ("Algemeen directeur", "CEO", "CTO"),
        "vp": ("VP Sales", "VP Marketing"),
        "director": ("Commercieel directeur", "Marketing Director"),
        "manager": ("Marketingmanager", "Salesmanager", "Teamleider verkoop"),
        "staff": ("Marketingmedewerker", "Adviseur", "Softwareontwikkelaar"),
        "student": ("Student", "Stagiair"),
    },
    "it": {
        "c_level": ("Amministratore delegato", "CEO"),
        "vp": ("Vicepresidente vendite", "VP Marketing"),
        "director": ("Direttore marketing", "Direttrice commerciale"),
        "manager": ("Responsabile marketing", "Responsabile vendite"),
        "staff": ("Specialista marketing", "Impiegata", "Consulente"),
        "student": ("Studente", "Stagista"),
    },
    "pt": {
        "c_level": ("CEO", "Diretor executivo", "Fundadora e CEO"),
        "vp": ("Vice-presidente de vendas", "VP Marketing"),
        "director": ("Diretor de marketing", "Diretora comercial"),
        "manager": ("Gerente de vendas", "Gerente de marketing"),
        "staff": ("Analista de marketing", "Vendedor", "Consultora"),
        "student": ("Estudante", "Estagiário de marketing"),
    },
}

FIRST_NAMES: dict[str, tuple[str, ...]] = {
    "en": tuple(
        "Olivia Liam Emma Noah Ava James Mia Lucas Grace Henry Zoe Ethan Priya Arjun Mei Kofi Aisha Omar".split()
    ),
    "de": tuple("Anna Lukas Lena Jonas Katrin Stefan Jürgen Sabine Björn Heike Tobias Claudia Mehmet Ayşe".split()),
    "fr": tuple("Camille Louis Chloé Hugo Léa Antoine Élodie Mathieu Inès Karim Sophie Benoît".split()),
    "es": tuple("Lucía Mateo Sofía Diego Carmen Javier Elena Pablo Núria Andrés Marta Íñigo".split()),
    "nl": tuple("Sanne Daan Femke Bram Lotte Jeroen Anouk Thijs Maud Ruben Youssef Marieke".split()),
    "it": tuple("Giulia Marco Chiara Luca Francesca Matteo Elisa Davide Paola Nicolò".split()),
    "pt": tuple("Ana João Beatriz Rafael Camila Thiago Larissa Gustavo Mariana Felipe".split()),
}

LAST_NAMES: dict[str, tuple[str, ...]] = {
    "en": tuple(
        "Smith Johnson Brown Patel Taylor Wilson Clark Nguyen Walker Hall Singh Young King Wright Lopez Scott "
        "Green Baker Adams Nelson Khan Campbell Mitchell Carter Roberts Gupta Phillips Evans Chen Okafor Murphy".split()
    ),
    "de": tuple(
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Richter Klein Wolf Schröder "
        "Neumann Braun Krüger Hofmann Lange Yılmaz Kaiser".split()
    ),
    "fr": tuple(
        "Martin Bernard Dubois Thomas Robert Petit Durand Leroy Moreau Lefèvre Girard Bonnet Benali Chevalier".split()
    ),
    "es": tuple(
        "García Fernández González Rodríguez López Martínez Sánchez Pérez Muñoz Álvarez Romero Serrano".split()
    ),
    "nl": tuple("Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Dijkstra Yilmaz".split()),
    "it": tuple("Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Conti Gallo".split()),
    "pt": tuple("Silva Santos Oliveira Souza Lima Pereira Ferreira Costa Almeida Carvalho Rocha Araújo".split()),
}

COMPANY_HEADS = tuple(
    "Acorn Alder Amber Anchor Arbor Argo Aspen Atlas Aurora Axis Basalt Beacon Birch Blue Bolt Boreal Bridge Bright "
    "Canyon Cedar Cinder Cirrus Clear Cobalt Copper Coral Crest Cross Dawn Delta Drift Eagle East Echo Elm Ember "
    "Ever Falcon Fern Field First Fjord Flint Forge Fox Frost Gale Garnet Glen Gold Granite Green Grove Harbor Haven "
    "Hazel Helix Heron High Hollow Indigo Iron Ivory Jade Juniper Kestrel Key Lake Lark Lime Linden Loft Lumen Lunar "
    "Lynx Maple Marble Meadow Meridian Mint Mistral Moss North Nova Oak Ocean Onyx Opal Orbit Osprey Otter Peak Pearl "
    "Pine Pioneer Plum Polar Prime Quartz Quill Raven Red Reed Ridge River Robin Rowan Sable Sage Salt Scarlet Sierra "
    "Silver Sky Slate Solar Spark Spruce Stone Storm Summit Swift Tall Teal Terra Thistle Tidal Timber Topaz Trail "
    "True Umber Urban Valley Vector Velvet Vista Walnut West White Wild Willow Wind Wolf Wren Zephyr Zinc".split()
)
COMPANY_TAILS = tuple(
    "base bay beam bell berg boat bond brook cast chain cliff cloud core craft crest dale desk dock drive edge fall "
    "field flow fold ford forge front gate glow grid hall haven hill hive hold house hub island kit lab lake land lane "
    "leaf line link loom mark mesh mill mind moor nest path peak pier pilot plan point pond port post pulse quest rail "
    "reach ridge ring rise road rock root scale scape sense shift shore side signal smith source space span spring "
    "stack stage star stead step stone stream sync tide tower track trade trail vale view wave way well wharf wing "
    "wood works yard".split()
)
# path, share of ordinary page views. /pricing and /careers are not ordinary: behaviour.py decides about them.
PAGES: tuple[tuple[str, float], ...] = (
    ("/", 0.24),
    ("/product", 0.16),
    ("/features/automation", 0.09),
    ("/integrations", 0.09),
    ("/customers", 0.08),
    ("/blog/lead-scoring-guide", 0.08),
    ("/blog/crm-hygiene", 0.06),
    ("/blog/attribution-myths", 0.05),
    ("/docs/getting-started", 0.06),
    ("/docs/api", 0.04),
    ("/about", 0.05),
)
PRICING_PAGES = ("/pricing", "/pricing", "/pricing", "/pricing/enterprise", "/pricing/compare")
CAREERS_PAGES = ("/careers", "/careers/engineering", "/careers/sales")

FEATURES = ("import", "dashboard", "report", "automation", "api_key", "export")
WHITEPAPERS = ("scoring-playbook", "state-of-b2b-2025", "roi-calculator", "buyer-guide")
WEBINARS = ("getting-started-live", "pipeline-clinic", "scoring-deep-dive")
SEARCH_ADS = ("brand", "lead-scoring", "crm-tools")
