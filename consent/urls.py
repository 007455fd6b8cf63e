"""Addresses of consent."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from consent import views

app_name = "consent"

urlpatterns = [
    path("", views.cookie_settings, name="cookie-settings"),
    path(_("receipt/"), views.receipt, name="receipt"),
    path(_("receipt/<str:number>/"), views.receipt_words, name="receipt-words"),
]
