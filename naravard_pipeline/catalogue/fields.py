"""The kinds of field that the models are made of. Here: patterns and types. Not here: which file has which field (models, queries)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Strict, StringConstraints

AreaType = Literal["nation", "region", "county_part", "municipality"]
Sex = Literal["total", "women", "men"]

IDENTIFIER = r"^[a-z][a-z0-9_]*$"
AREA_CODE = r"^([0-9]{2}|[0-9]{4}|[0-9]{2}-[a-z0-9-]+)$"
SCB_CODE = r"^([0-9]{2}|[0-9]{4})$"
KOLADA_AREA = r"^[0-9]{4}$"
GROUP_ID = r"^[a-z0-9][a-z0-9-]*$"
AGE_GROUP = r"^(total|[0-9]{1,3}\+|[0-9]{1,3}-[0-9]{1,3})$"
WEB_ADDRESS = r"^https?://[^\s/]+\S*$"
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"
MEASURE_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER)]
AreaCode = Annotated[str, StringConstraints(pattern=AREA_CODE)]
ScbCode = Annotated[str, StringConstraints(pattern=SCB_CODE)]
AgeGroup = Annotated[str, StringConstraints(pattern=AGE_GROUP)]
WebAddress = Annotated[str, StringConstraints(pattern=WEB_ADDRESS)]
Email = Annotated[str, StringConstraints(pattern=EMAIL)]
Whole = Annotated[int, Strict()]  # strict: true and "3" are mistakes here, not numbers
Number = Annotated[float, Strict()]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
