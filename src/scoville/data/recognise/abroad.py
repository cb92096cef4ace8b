"""The headings of German, French and Spanish exports for our columns: as snake case, without marks on letters.

Only whole headings, as HubSpot, Salesforce, Pipedrive and spreadsheets write them; `Größe` is `grosse` here, and also
`groesse`. What a word may mean besides, such as `titel` (Dr., Prof.), is left out. Called by `clues.py`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADINGS = {
    "lead_id": """
        kontakt_id kunden_id kundennummer kunden_nr kundennr kontaktnummer leadnummer datensatz_id
        id_client id_contact id_du_contact numero_client numero_de_client code_client
        id_cliente id_contacto id_de_contacto id_del_contacto numero_de_cliente codigo_cliente codigo_de_cliente""",
    "email": """
        e_mail_adresse email_adresse mailadresse geschaftliche_e_mail
        adresse_e_mail adresse_email adresse_mail e_mail_professionnel email_professionnel courriel
        correo correo_electronico direccion_de_correo direccion_de_correo_electronico""",
    "phone": """
        telefon telefonnummer rufnummer handy handynummer mobil mobilnummer mobiltelefon telefon_geschaftlich
        numero_de_telephone telephone_portable telephone_mobile telephone_professionnel tel_portable
        telefono telefono_movil numero_de_telefono movil celular""",
    "job_title": """
        jobtitel job_titel berufsbezeichnung stellenbezeichnung funktion
        fonction poste intitule_du_poste intitule_de_poste titre_du_poste
        cargo puesto puesto_de_trabajo titulo_del_puesto""",
    "company": """
        firma firmenname unternehmen unternehmensname name_des_unternehmens
        entreprise societe nom_de_l_entreprise nom_entreprise nom_de_la_societe raison_sociale
        empresa compania nombre_de_la_empresa nombre_empresa razon_social""",
    "company_domain": """
        webseite internetseite firmenwebseite unternehmensdomain website_url_des_unternehmens
        site_web site_internet url_du_site_web nom_de_domaine
        sitio_web pagina_web dominio url_del_sitio_web""",
    "country": "land lander_region land_region pays pays_region pais pais_region",
    "created_at": """
        erstellt erstellt_am erstellungsdatum angelegt angelegt_am anlagedatum registriert_am registrierungsdatum
        date_de_creation date_creation cree_le date_d_inscription
        fecha_de_creacion fecha_creacion creado creado_el fecha_de_registro fecha_de_alta""",
    "updated_at": """
        geandert_am aktualisiert_am zuletzt_geandert zuletzt_geandert_am datum_der_letzten_anderung
        modifie_le mis_a_jour_le date_de_modification date_de_derniere_modification
        actualizado modificado_el fecha_de_modificacion fecha_de_ultima_modificacion""",
    "owner": """
        zustandig betreuer kundenbetreuer kontaktinhaber zustandiger_mitarbeiter
        proprietaire proprietaire_du_contact proprietaire_du_lead responsable
        propietario propietario_del_contacto propietario_del_lead vendedor""",
    "source": """
        quelle leadquelle lead_quelle herkunft kanal ursprungliche_quelle
        provenance origine origine_du_lead source_du_lead canal source_d_origine
        fuente fuente_original fuente_del_lead origen origen_del_lead""",
    "cost": "kosten kosten_pro_lead cout cout_par_lead coste costo coste_por_lead",
    "first_name": "vorname prenom nombre",
    "last_name": "nachname familienname nom nom_de_famille apellido apellidos",
    "name": "vollstandiger_name nom_complet nombre_completo",
    "employees": """
        mitarbeiter mitarbeiterzahl anzahl_mitarbeiter anzahl_der_mitarbeiter unternehmensgrosse firmengrosse
        employes nombre_d_employes nombre_de_salaries effectif effectifs taille_de_l_entreprise
        empleados numero_de_empleados cantidad_de_empleados tamano_de_la_empresa""",
    "industry": "branche industrie wirtschaftszweig secteur secteur_d_activite industria rubro sector_de_actividad",
    "event": "ereignis aktivitat aktion evenement activite evento actividad accion",
    "occurred_at": "datum zeitpunkt zeitstempel date_heure horodatage fecha fecha_hora fecha_y_hora",
    "outcome": "ergebnis resultat resultado",
    "won_at": """
        gewonnen_am abschlussdatum verkauft_am kaufdatum
        date_de_cloture date_de_fermeture date_d_achat date_de_vente gagne_le
        fecha_de_cierre fecha_de_compra fecha_de_venta""",
    "value": "wert betrag auftragswert umsatz montant valeur importe monto valor",
    "won": "gewonnen abgeschlossen kunde gagne ganado cliente",
}
ABROAD: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name: tuple(text.split()) for name, text in _HEADINGS.items()}
)
# Values that say that a lead was won, as they stand in files.
WON_ABROAD = ("ja", "oui", "sí", "si", "gewonnen", "gagné", "ganado", "ganada", "kunde", "cliente")
