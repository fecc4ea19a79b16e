"""What is said of the published data as a whole: who publishes it, where, on which terms (sources/publication.yml).

Here: what that file may contain. The descriptions are Swedish, because editors show them to the statistician. Not here: the terms of each
source (models), how the release tells it (publication).
"""

import datetime
from typing import Literal

from pydantic import Field

from naravard_pipeline.catalogue.fields import AreaCode, Email, Model, Text, WebAddress

# The EU's words for how often (http://publications.europa.eu/resource/authority/frequency) and for kinds of publisher (http://purl.org/adms/publishertype).
Frequency = Literal["DAILY", "WEEKLY", "MONTHLY", "QUARTERLY", "ANNUAL", "IRREG"]
PublisherType = Literal["RegionalAuthority", "LocalAuthority", "NationalAuthority", "NonProfitOrganisation", "Academia-ScientificOrganisation"]


class Publisher(Model):
    name_sv: Text = Field(description="Utgivarens namn.")
    publisher_type: PublisherType = Field("RegionalAuthority", description="Slags organisation.")
    uri: WebAddress | None = Field(None, description="Utgivarens egen, beständiga identifierare, om den har en.")
    homepage: WebAddress | None = Field(None, description="Utgivarens webbplats.")


class Contact(Model):
    name_sv: Text = Field(description="Vem man frågar om uppgifterna: en roll eller funktion, inget personnamn.")
    email: Email = Field(description="Funktionsbrevlåda, ingen persons adress.")
    url: WebAddress | None = Field(None, description="Sida med kontaktuppgifter.")


class PublicationFile(Model):
    """De publicerade uppgifterna som öppna data (sources/publication.yml): utgivare, adress, licens. Det som är null är inte beslutat."""

    title_sv: Text = Field("Uppföljning av Nära vård", description="Katalogens namn i dataportaler.")
    description_sv: Text = Field(
        "Mått för omställningen till en nära vård: målområden, indikatorer och observationer per kommun, region och riket.",
        description="Vad katalogen innehåller.",
    )
    base_url: WebAddress | None = Field(
        None, description="Adressen där published/current/ ligger öppet. null: inte beslutad; katalogen har då adresser relativt sin egen plats."
    )
    publisher: Publisher | None = Field(None, description="Den som ger ut uppgifterna.")
    contact: Contact | None = Field(None, description="Den man frågar.")
    licence_url: WebAddress | None = Field(
        None,
        description="Licensen för de publicerade uppgifterna, t.ex. http://creativecommons.org/licenses/by/4.0/. Källornas villkor gäller därutöver.",
    )
    catalogue_licence_url: WebAddress = Field(
        "http://creativecommons.org/publicdomain/zero/1.0/", description="Licensen för katalogens egna beskrivningar; CC0 är standardens förval."
    )
    update_frequency: Frequency = Field("IRREG", description="Hur ofta uppgifterna uppdateras; IRREG: när en källa har något nytt.")
    first_published: datetime.date | None = Field(None, description="Dagen då uppgifterna först blev öppna, ÅÅÅÅ-MM-DD.")
    keywords_sv: tuple[Text, ...] = Field(("nära vård", "hälso- och sjukvård", "kommunal omsorg"), description="Sökord i dataportaler.")
    counties: dict[AreaCode, WebAddress] = Field({}, description="Länens identifierare, t.ex. EU:s NUTS-kod: '04' till adressen.")

    @property
    def undecided_sv(self) -> tuple[str, ...]:
        """What the file does not say yet, in Swedish."""
        wanted = {
            "utgivare": self.publisher,
            "utgivarens webbplats": self.publisher is None or self.publisher.homepage,
            "adress": self.base_url,
            "kontakt": self.contact,
            "licens": self.licence_url,
            "första publiceringsdag": self.first_published,
        }
        return tuple(name for name, value in wanted.items() if not value)
