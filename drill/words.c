/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/words.h"

#define COUNT(table)      ((uint32_t)(sizeof(table) / sizeof *(table)))
#define PICK(table, from) ((table)[rng_between((from), 0, COUNT(table) - 1)])

static const char *const first_names[] = {
    "Amélie",  "Benoît",   "Céline",  "Damien",  "Élodie",    "François", "Gaëlle",
    "Hélène",  "Inès",     "Jérôme",  "Karine",  "Léa",       "Mélanie",  "Noël",
    "Océane",  "Philippe", "Quentin", "Raphaël", "Sébastien", "Thérèse",  "Ulysse",
    "Valérie", "William",  "Xavière", "Yannick", "Zoé",       "Anaïs",    "Françoise",
};
static const char *const last_names[] = {
    "Lefèvre",  "Dubois",  "Martin",  "Béranger",  "Châtelain", "Delaunay", "Évrard",
    "Fournier", "Guérin",  "Hébert",  "Isambert",  "Jacquet",   "Kerléo",   "Lémery",
    "Maréchal", "Noël",    "Olivier", "Prévost",   "Quéméner",  "Roussel",  "Séguin",
    "Thévenot", "Vasseur", "Wattel",  "Delacroix", "Crépin",    "Bénard",   "Leclère",
};
static const char *const months[] = {"janvier", "février", "mars",      "avril",   "mai",      "juin",
                                     "juillet", "août",    "septembre", "octobre", "novembre", "décembre"};
static const char *const streets[] = {
    "rue de la République", "place de l'Hôtel-de-Ville", "rue du Général-Leclerc", "allée des Tilleuls",
    "impasse du Moulin",    "avenue Jean-Jaurès",        "rue de l'Église",        "quai de la Lys",
    "chemin des Écoliers",  "boulevard Pasteur",         "rue du Beffroi",         "sentier du Marais",
};
static const char *const subjects[] = {
    "Le conseil municipal",
    "La commission d'urbanisme",
    "Le service de l'état civil",
    "La régie de l'eau",
    "Le centre communal d'action sociale",
    "L'association sportive",
    "La directrice de l'école",
    "Le maire",
    "L'entreprise attributaire",
    "La trésorerie",
    "Le comité des fêtes",
    "La médiathèque",
    "Le préfet",
    "La communauté de communes",
    "L'adjointe aux finances",
    "Le responsable des espaces verts",
};
static const char *const verbs[] = {
    "approuve", "examine",  "transmet",      "demande", "présente", "reporte",  "valide",  "rappelle",
    "propose",  "confirme", "prend acte de", "étudie",  "refuse",   "complète", "signale", "prépare",
};
static const char *const objects[] = {
    "le compte rendu de la séance précédente",
    "la demande de permis de construire",
    "le budget supplémentaire",
    "la convention avec le département",
    "la réfection de la toiture de l'école",
    "le règlement intérieur",
    "l'avenant numéro deux au marché",
    "la liste des bénéficiaires",
    "le planning des astreintes d'hiver",
    "la délibération relative aux tarifs de la cantine",
    "le dossier de subvention",
    "la facture du trimestre",
    "l'arrêté de circulation",
    "le procès-verbal de réception des travaux",
    "l'état des restes à recouvrer",
    "la fête de la Saint-Éloi",
    "l'aménagement de la place du marché",
    "le plan communal de sauvegarde",
};
static const char *const tails[] = {
    "avant la fin du mois",
    "à l'unanimité des membres présents",
    "sous réserve de l'avis du service instructeur",
    "pour un montant inchangé",
    "à compter du premier janvier",
    "dans les meilleurs délais",
    "conformément au code général des collectivités territoriales",
    "après vérification des pièces jointes",
    "en présence des élus concernés",
    "par courrier recommandé",
    "pour les habitants du quartier de la gare",
    "malgré le retard pris à l'été",
    "et en informe la sous-préfecture",
};

const char *words_first_name(struct rng *r)
{
    return PICK(first_names, r);
}

const char *words_last_name(struct rng *r)
{
    return PICK(last_names, r);
}

const char *words_month(unsigned month_from_0)
{
    return months[month_from_0 % 12];
}

const char *words_street(struct rng *r)
{
    return PICK(streets, r);
}

void words_sentence(struct buf *out, struct rng *r)
{
    buf_printf(out, "%s %s %s", PICK(subjects, r), PICK(verbs, r), PICK(objects, r));
    if (rng_chance(r, 60))
        buf_printf(out, " %s", PICK(tails, r));
    if (rng_chance(r, 30))
        buf_printf(out, ", soit %u,%02u € versés à %s %s, %u %s", rng_between(r, 20, 90000),
                   rng_between(r, 0, 99), words_first_name(r), words_last_name(r), rng_between(r, 1, 140),
                   words_street(r));
    buf_put(out, ".", 1);
}

void words_paragraph(struct buf *out, struct rng *r, size_t bytes, const char *separator)
{
    for (size_t start = out->length; out->length - start < bytes && !out->overflowed;) {
        words_sentence(out, r);
        buf_printf(out, "%s", separator);
    }
}
